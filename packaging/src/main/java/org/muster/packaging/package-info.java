/** Manual pages and shell completion, made of what the programs say of themselves when the packages are built. Not shipped. */
package org.muster.packaging;
