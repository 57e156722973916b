package org.muster.bench;

import java.util.UUID;

/**
 * A guest to be started.
 *
 * @param xml on one line
 */
record Guest(UUID id, String name, String xml) {}
