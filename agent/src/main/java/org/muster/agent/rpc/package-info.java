/**
 * Bytes to verbs and back: TLS, STOMP and JSON lines, JSON-RPC 2.0, connections, subscriptions, notifications.
 *
 * <p>The only package that knows the wire; the verbs are declared elsewhere as {@link org.muster.agent.rpc.Verb}s and
 * handed to {@link org.muster.agent.rpc.RpcServer}. Threads, all started by {@code RpcServer.start} and stopped by
 * {@code RpcServer.close}, their number independent of load:
 *
 * <table>
 * <caption>Threads</caption>
 * <tr><th>name</th><th>count</th><th>may block on</th></tr>
 * <tr><td>{@code rpc-io-%d}</td><td>2</td><td>nothing; of all verbs only those run here that take no time</td></tr>
 * <tr><td>{@code rpc-monitor-%d}</td><td>2</td><td>the processor only: verbs that answer from memory, encoding of large
 * results</td></tr>
 * <tr><td>{@code rpc-worker-%d}</td><td>4</td><td>the processor only: worker verbs, long messages; never libvirt,
 * never a guest's storage; one of them the disk of the certificates, one the names of local peers</td></tr>
 * <tr><td>{@code rpc-tls-%d}</td><td>2, none without TLS</td><td>the processor only: the costly steps of handshakes</td></tr>
 * </table>
 */
package org.muster.agent.rpc;
