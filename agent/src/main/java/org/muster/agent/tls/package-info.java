/**
 * The agent's certificates: reads them from their files, again when these change, and judges peers by them.
 *
 * <p>Knows no connection. No threads of its own; reading blocks on the disk that has the files.
 */
package org.muster.agent.tls;
