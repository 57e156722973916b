/**
 * Plugs the hypervisor into sampling, and shows what sampling knows in the wire's shape.
 *
 * <p>No threads of its own; the view answers from memory.
 */
package org.muster.agent.stats;
