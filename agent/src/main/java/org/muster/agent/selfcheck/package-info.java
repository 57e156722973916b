/**
 * {@code musterd self-check}: does this host work, and what to do about each problem. A command of its own; it changes nothing and
 * needs no agent.
 *
 * <p>Threads: {@code check-%d}, one a check, each of which may hang on what it looks at.
 */
package org.muster.agent.selfcheck;
