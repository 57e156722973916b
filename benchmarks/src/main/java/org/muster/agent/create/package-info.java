/** What of the scheduler can only be measured from within its package. */
package org.muster.agent.create;
