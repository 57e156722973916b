/**
 * Recordings of what the agent does, made by the JVM's flight recorder on request.
 *
 * <p>Thread {@code profile}, there while a recording is made and a few seconds after: it waits for the recording's end and
 * writes its file.
 */
package org.muster.agent.profile;
