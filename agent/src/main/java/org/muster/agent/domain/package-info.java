/**
 * The table of VMs: one state machine each, the stamps of what happened when, and the Down entries.
 *
 * <p>Changed by create workers, vm workers and the {@code reconcile-%d} threads (they ask libvirtd and may block in it); read
 * by anybody without a lock.
 */
package org.muster.agent.domain;
