/**
 * The Java client of the agent's wire: JSON-RPC 2.0 over STOMP 1.2, on TCP or a Unix socket.
 *
 * <p>Threads: {@code muster-client} (a daemon, one per open connection, started by connect and stopped by close) selects on
 * its socket and the nearest deadline; it reads, times calls out, sends heart-beats, completes futures and calls event
 * listeners, none of which may block. Callers' threads write to the socket themselves, without ever waiting for it. Only
 * {@link org.muster.client.MusterConnection#connect connect}, {@code callAndWait} and {@code close} block, each with a
 * deadline.
 */
package org.muster.client;
