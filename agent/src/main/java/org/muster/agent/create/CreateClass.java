package org.muster.agent.create;

/** What a create is for; the more urgent first. */
public enum CreateClass {
    HA,
    RERUN,
    NORMAL,
    PRESTART
}
