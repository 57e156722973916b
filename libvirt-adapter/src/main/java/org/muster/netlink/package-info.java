/**
 * What the kernel says of links, addresses and default routes, by rtnetlink; needs no privilege.
 *
 * <p>Calls block on the caller's thread: a dump waits for the kernel's network lock, a wait for changes has a deadline.
 */
package org.muster.netlink;
