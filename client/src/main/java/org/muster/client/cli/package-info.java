/**
 * The command {@code muster}: one class per subcommand, tables for people and one JSON text for programs.
 *
 * <p>Threads: all work is done on {@code main}, which alone blocks (on an answer, an event, the next interval; each with a
 * deadline); the connection's reader thread only hands events and samples over.
 *
 * <p>Results go to standard output; progress, failures and errors to standard error. JSON member names are stable: members may be
 * added, none is renamed or removed.
 */
package org.muster.client.cli;
