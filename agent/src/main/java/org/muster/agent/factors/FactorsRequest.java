package org.muster.agent.factors;

/**
 * What is to be measured.
 *
 * @param mostGuests as many of the host's healthy guests at most
 * @param sweep also how calls of one guest side by side get in each other's way
 */
public record FactorsRequest(int mostGuests, boolean sweep) {}
