/** A hypervisor in memory: the one that tests script call by call. No threads of its own. */
package org.muster.agent.simulation;
