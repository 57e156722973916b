/**
 * What an administrator's tools ask over HTTP: metrics for Prometheus, whether the agent lives and serves, and a status page; its curves are the only thing that is kept between requests.
 * Reads only, and only from memory: no request costs a libvirt call.
 *
 * <table>
 * <caption>Threads, all started by {@code OpsServer.start} and stopped by {@code OpsServer.close}</caption>
 * <tr><th>name</th><th>count</th><th>may block on</th></tr>
 * <tr><td>{@code ops-io}</td><td>1</td><td>nothing</td></tr>
 * <tr><td>{@code ops-worker}</td><td>1</td><td>the processor: making and packing pages, noting CPU use, costly steps of TLS handshakes; files of
 * /proc that wait for no lock</td></tr>
 * </table>
 */
package org.muster.agent.ops;
