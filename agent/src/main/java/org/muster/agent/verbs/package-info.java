/**
 * The declared verbs, and the events: wire names and shapes on one side, the agent's packages on the other.
 *
 * <p>Runs on {@code rpc-io} and {@code rpc-worker} threads, and once on {@code create-warm-up}; waits for nothing.
 */
package org.muster.agent.verbs;
