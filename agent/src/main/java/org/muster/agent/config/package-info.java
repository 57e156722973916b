/** Reads muster.toml and what is beside it, and says everything that is wrong with it at once. No threads. */
package org.muster.agent.config;
