/**
 * How the agent's log is written: one line an event, as journald or a person at a terminal reads it, what is repeated left out
 * and counted, and the audit of who changed what. No threads of its own; writing blocks as long as whoever reads our
 * standard error does not read.
 */
package org.muster.agent.logging;
