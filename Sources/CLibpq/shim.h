#include <postgresql/libpq-fe.h>
// Of Linux, and left out of Swift's Glibc module: event descriptors wake a thread that polls a connection, and threads
// have names.
#include <pthread.h>
#include <sys/eventfd.h>
extern int pthread_setname_np(pthread_t thread, const char *name);
