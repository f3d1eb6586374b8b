// A disk that fails (on a Linux of 64 bits), for the files below $TORTURE_FOLDER: preloaded into a node, between SQLite and the C library.
//
// $TORTURE_CONTROL is a file of one byte: 0 all is well, 1 the disk is full, 2 some writes and syncs fail,
// 3 syncs say that they are done, and are not.
// $TORTURE_JOURNAL gets what each write replaced, and which of it was synced since, so that a power cut can take back
// what no sync had promised. A record is a head of six numbers of 64 bits, the path, and the replaced bytes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WROTE = 1, SYNCED = 2 };
enum { FULL = 1, FAILING = 2, LYING = 3 };
struct head { uint64_t kind, path_bytes, offset, bytes, old_bytes, old_size; };

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned char *control;
static int journal = -1;
static char folder[512];
static unsigned int chance = 1;

__attribute__((constructor)) static void begin(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  const char *below = getenv("TORTURE_FOLDER"), *in = getenv("TORTURE_CONTROL"), *to = getenv("TORTURE_JOURNAL");
  if (below == NULL || in == NULL || to == NULL) return;
  snprintf(folder, sizeof folder, "%s", below);
  int fd = open(in, O_RDONLY);
  void *map = fd < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
  if (map != MAP_FAILED) control = map;
  if (fd >= 0) close(fd);
  journal = open(to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  chance = getpid();
}

// The path of a file of the database; 0 where the descriptor is anything else.
static int tracked(int fd, char *path, size_t size) {
  if (control == NULL || journal < 0) return 0;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

// By a descriptor of its own: that of the node may be for writing alone.
static ssize_t read_old(const char *path, void *old, size_t count, off_t offset) {
  int fd = old == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  ssize_t read = fd < 0 ? 0 : pread(fd, old, count, offset);
  if (fd >= 0) close(fd);
  return read < 0 ? 0 : read;
}

static void note(struct head head, const char *path, const void *old) {
  head.path_bytes = strlen(path);
  real_write(journal, &head, sizeof head);
  real_write(journal, path, head.path_bytes);
  if (head.old_bytes > 0) real_write(journal, old, head.old_bytes);
}

static ssize_t changed(int fd, const char *path, const void *bytes, size_t count, off_t offset) {
  struct stat before;
  if (fstat(fd, &before) != 0) return -1;
  int mode = *control;
  if (mode == FULL && offset + (off_t)count > before.st_size) { errno = ENOSPC; return -1; }
  int fails = mode == FAILING && rand_r(&chance) % 4 == 0;
  size_t passes = fails ? (rand_r(&chance) % 2 ? count / 2 : 0) : count;
  char *old = malloc(count);
  ssize_t old_bytes = read_old(path, old, count, offset);
  struct head head = { WROTE, 0, offset, passes, old_bytes, before.st_size };
  if (passes > 0) note(head, path, old);
  free(old);
  ssize_t written = passes > 0 ? real_pwrite(fd, bytes, passes, offset) : 0;
  if (!fails) return written;
  errno = EIO;
  return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) {
  char path[512];
  if (!tracked(fd, path, sizeof path)) return real_pwrite(fd, bytes, count, offset);
  pthread_mutex_lock(&mutex);
  ssize_t result = changed(fd, path, bytes, count, offset);
  int error = errno;
  pthread_mutex_unlock(&mutex);
  errno = error;
  return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

ssize_t write(int fd, const void *bytes, size_t count) {
  char path[512];
  if (!tracked(fd, path, sizeof path)) return real_write(fd, bytes, count);
  pthread_mutex_lock(&mutex);
  int appends = fcntl(fd, F_GETFL) & O_APPEND;
  off_t offset = lseek(fd, 0, appends ? SEEK_END : SEEK_CUR);
  ssize_t result = changed(fd, path, bytes, count, offset);
  int error = errno;
  if (result > 0) lseek(fd, offset + result, SEEK_SET);
  pthread_mutex_unlock(&mutex);
  errno = error;
  return result;
}

static int truncated(int fd, off_t size) {
  char path[512];
  struct stat before;
  if (!tracked(fd, path, sizeof path) || fstat(fd, &before) != 0) return real_ftruncate(fd, size);
  pthread_mutex_lock(&mutex);
  int full = *control == FULL && size > before.st_size;
  size_t gone = !full && size < before.st_size ? before.st_size - size : 0;
  char *old = gone > 0 ? malloc(gone) : NULL;
  ssize_t read = read_old(path, old, gone, size);
  if (!full) note((struct head){ WROTE, 0, size, 0, read, before.st_size }, path, old);
  free(old);
  int result = full ? -1 : real_ftruncate(fd, size);
  int error = full ? ENOSPC : errno;
  pthread_mutex_unlock(&mutex);
  errno = error;
  return result;
}

int ftruncate64(int fd, off_t size) { return truncated(fd, size); }
int ftruncate(int fd, off_t size) { return truncated(fd, size); }

// Durable is what was written before the sync began: the journal's length then says which records that are.
static int synced(int fd, int (*real)(int)) {
  char path[512];
  if (!tracked(fd, path, sizeof path)) return real(fd);
  pthread_mutex_lock(&mutex);
  off_t upto = lseek(journal, 0, SEEK_END);
  int fails = *control == FAILING && rand_r(&chance) % 3 == 0, lies = *control == LYING;
  pthread_mutex_unlock(&mutex);
  if (fails) { errno = EIO; return -1; }
  if (lies) return 0;
  int result = real(fd);
  int error = errno;
  pthread_mutex_lock(&mutex);
  if (result == 0) note((struct head){ SYNCED, 0, upto, 0, 0, 0 }, path, NULL);
  pthread_mutex_unlock(&mutex);
  errno = error;
  return result;
}

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }
