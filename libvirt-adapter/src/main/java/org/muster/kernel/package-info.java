/** What only a system call tells, where there is no file of /proc for it. No threads; nothing blocks. */
package org.muster.kernel;
