// What Linux has and Swift's Glibc module leaves out, because it is declared for _GNU_SOURCE only.
#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/eventfd.h>

extern int pthread_setname_np(pthread_t thread, const char *name);
extern int pipe2(int descriptors[2], int flags);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
