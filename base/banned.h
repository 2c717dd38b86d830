/* banned.h - functions that have a safer replacement here.
 *
 * Included before every source file (-include): the system headers that
 * declare these functions come first, then their names are poisoned, so that
 * using one fails to compile. */
#ifndef KURA_BASE_BANNED_H
#define KURA_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol
#pragma GCC poison localtime gmtime asctime ctime system

#endif
