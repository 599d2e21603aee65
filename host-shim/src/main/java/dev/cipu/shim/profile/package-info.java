/** Card profiles as files: those that come with the program, and the user's own. */
@NullMarked
package dev.cipu.shim.profile;

import org.jspecify.annotations.NullMarked;
