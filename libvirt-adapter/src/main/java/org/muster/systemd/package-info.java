/**
 * What a service tells the service manager that started it: one datagram a message, as sd_notify(3) describes them.
 *
 * <p>Here because the JDK has no AF_UNIX datagrams, and native calls stay in this module. No thread of its own; nothing blocks.
 */
package org.muster.systemd;
