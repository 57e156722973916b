/**
 * The daemon's start, wiring and stop. Threads: {@code main} and a shutdown hook.
 *
 * <p>All threads of the daemon are listed in docs/architecture.md, "Threads".
 */
package org.muster.agent.lifecycle;
