package org.muster.agent.profile;

/** A recording that was made, by the name to read it by. */
public record Profile(String name, long bytes) {}
