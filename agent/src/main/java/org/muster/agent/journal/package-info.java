/**
 * What was accepted and must survive us: an append-only file, one fsync a batch.
 *
 * <p>Thread {@code journal} writes; it may block on the disk, and nobody waits for it but those whose answer must be
 * durable.
 */
package org.muster.agent.journal;
