/** How the agent counts what it does; what Prometheus and JMX read. No threads. */
package org.muster.agent.metrics;
