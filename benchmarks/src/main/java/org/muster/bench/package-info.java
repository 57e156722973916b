/**
 * Muster beside the floor: a C program that asks the same of the same libvirtd with nothing around it.
 *
 * <p>Threads: {@code main} runs the legs one after another and blocks in child processes and calls, each with a deadline;
 * {@code muster-client} (one per connection) completes calls and tells events; {@code load} sends the requests of the
 * benchmark rpc; {@code takedown} runs when the program is told to end, and takes everything down.
 */
package org.muster.bench;
