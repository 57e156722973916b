/**
 * Images of cloud-init and sysprep files, made for one guest each and removed with it.
 *
 * <p>No threads of its own; {@link org.muster.agent.payload.PayloadImages} blocks on the state directory's disk.
 */
package org.muster.agent.payload;
