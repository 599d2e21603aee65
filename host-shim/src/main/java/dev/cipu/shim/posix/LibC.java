package dev.cipu.shim.posix;

import jnr.ffi.types.intptr_t;
import jnr.ffi.types.mode_t;
import jnr.ffi.types.off_t;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;

/**
 * The C library's calls as jnr-ffi binds them: control plane only, nothing here is called per packet or request.
 * Addresses are plain numbers and point to native memory that the caller keeps alive for the length of the call. Public
 * because the generated binding needs it; callers outside this package use the classes around it.
 */
public interface LibC {
    int socket(int domain, int type, int protocol);

    int socketpair(int domain, int type, int protocol, @intptr_t long twoInts);

    int bind(int fd, @intptr_t long address, int length);

    int listen(int fd, int backlog);

    int accept4(int fd, @intptr_t long address, @intptr_t long length, int flags);

    int connect(int fd, @intptr_t long address, int length);

    int shutdown(int fd, int how);

    int setsockopt(int fd, int level, int option, @intptr_t long value, int length);

    int getsockopt(int fd, int level, int option, @intptr_t long value, @intptr_t long length);

    @ssize_t
    long sendmsg(int fd, @intptr_t long message, int flags);

    @ssize_t
    long recvmsg(int fd, @intptr_t long message, int flags);

    @ssize_t
    long read(int fd, @intptr_t long buffer, @size_t long count);

    @ssize_t
    long write(int fd, @intptr_t long buffer, @size_t long count);

    int close(int fd);

    int open(String path, int flags, @mode_t int mode);

    int unlink(String path);

    int fcntl(int fd, int command, @intptr_t long argument);

    int dup3(int from, int onto, int flags);

    long lseek(int fd, long offset, int whence);

    int ftruncate(int fd, @off_t long length);

    int fallocate(int fd, int mode, @off_t long offset, @off_t long length);

    int statx(int directory, String path, int flags, int mask, @intptr_t long buffer);

    int memfd_create(String name, int flags);

    int ioctl(int fd, long request, @intptr_t long argument);

    int setns(int fd, int kind);

    int eventfd(int initial, int flags);

    int poll(@intptr_t long entries, long count, int timeoutMillis);

    int epoll_create1(int flags);

    int epoll_ctl(int epoll, int operation, int fd, @intptr_t long event);

    int epoll_wait(int epoll, @intptr_t long events, int room, int timeoutMillis);

    int kill(int pid, int signal);

    int sched_setaffinity(int tid, @size_t long bytes, @intptr_t long mask);

    int sched_getaffinity(int tid, @size_t long bytes, @intptr_t long mask);
}
