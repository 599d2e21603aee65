/*
 * What a Linux guest does for the overhead report: frames out of one interface that come in at another, block requests on
 * /dev/vda, or both from one thread. Its one argument is a serial port: a job comes in as a line, and goes out as lines
 * BEGIN, END, DONE and IDLE. At the first two the host reads how much processor time the emulator has used; DONE has the figures; at
 * IDLE nothing is under way any more.
 *
 *   job: FRAME_BYTES WINDOW KIND BLOCK_BYTES DEPTH WARM_MILLIS RUN_MILLIS
 *   DONE key=value ..., latencies in nanoseconds, curves as NANOS@FRACTION,...
 *
 * FRAME_BYTES 0 and KIND "-" mean none. It sleeps when there is nothing to do, as a guest with interrupts does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* IEEE's local experimental ethertype: network stacks leave it alone. */
#define TYPE 0x88b5
#define MAX_FRAME 1518
#define MAX_WINDOW 1024
#define MAX_DEPTH 170
#define BURST 32
#define SUB_BITS 6
#define BUCKETS (64 << SUB_BITS)
#define LOST_AFTER 1000000000LL

struct histogram {
    uint64_t count[BUCKETS];
    uint64_t total;
};

struct frame {
    unsigned char to[6], from[6];
    uint16_t type;
    uint32_t run;
    int64_t sent_at;
} __attribute__((packed));

struct job {
    int frame_bytes, window, block_bytes, depth, warm, run;
    char kind[16];
};

static FILE *port;
static int out, in, disk, wake;
static struct sockaddr_ll out_address;
static unsigned char out_mac[6], in_mac[6];
static uint64_t disk_bytes;
static uint32_t run_number;
static unsigned char frames[BURST][2048], received[BURST][2048];
static struct histogram packets, requests;
static aio_context_t aio;
static char *blocks;
static struct iocb control[MAX_DEPTH];
static int64_t submitted_at[MAX_DEPTH];
static int free_slots[MAX_DEPTH], free_count;
static uint64_t random_state = 88172645463325252ULL;
static uint64_t position;

static void fail(const char *what) {
    fprintf(port, "FAILED %s: %s\n", what, strerror(errno));
    fflush(port);
    exit(1);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Log-linear: 64 steps for each power of two. */
static int bucket(uint64_t nanos) {
    if (nanos < 1 << SUB_BITS) {
        return (int)nanos;
    }
    int shift = 63 - __builtin_clzll(nanos) - SUB_BITS;
    return ((shift + 1) << SUB_BITS) + (int)((nanos >> shift) - (1 << SUB_BITS));
}

static uint64_t highest(int index) {
    int shift = (index >> SUB_BITS) - 1;
    if (shift < 0) {
        return index;
    }
    return (((uint64_t)(index & ((1 << SUB_BITS) - 1)) + (1 << SUB_BITS) + 1) << shift) - 1;
}

static void record(struct histogram *h, int64_t nanos) {
    h->count[bucket(nanos < 0 ? 0 : nanos)]++;
    h->total++;
}

static uint64_t at_fraction(const struct histogram *h, double fraction) {
    uint64_t wanted = (uint64_t)(fraction * h->total + 0.5), seen = 0;
    int last = 0;
    for (int i = 0; i < BUCKETS; i++) {
        seen += h->count[i];
        if (h->count[i] > 0) {
            last = i;
            if (seen >= wanted && seen > 0) {
                break;
            }
        }
    }
    return highest(last);
}

static void print(const char *name, const struct histogram *h) {
    static const double points[] = {0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1};
    fprintf(port, " %s=%llu %s_p50=%llu %s_p99=%llu %s_p999=%llu %s_curve=", name, (unsigned long long)h->total,
            name, (unsigned long long)at_fraction(h, 0.5), name, (unsigned long long)at_fraction(h, 0.99),
            name, (unsigned long long)at_fraction(h, 0.999), name);
    for (unsigned i = 0; i < sizeof points / sizeof *points; i++) {
        fprintf(port, "%s%llu@%g", i ? "," : "", (unsigned long long)at_fraction(h, points[i]), points[i]);
    }
}

/* --- frames --- */

static int interface(const char *name, unsigned char *mac, struct sockaddr_ll *address, int protocol) {
    struct ifreq request = {0};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, protocol);
    if (fd < 0) {
        fail("socket");
    }
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0) {
        fail(name);
    }
    memcpy(mac, request.ifr_hwaddr.sa_data, 6);
    if (ioctl(fd, SIOCGIFINDEX, &request) < 0) {
        fail(name);
    }
    memset(address, 0, sizeof *address);
    address->sll_family = AF_PACKET;
    address->sll_ifindex = request.ifr_ifindex;
    address->sll_protocol = protocol;
    if (bind(fd, (struct sockaddr *)address, sizeof *address) < 0) {
        fail("bind");
    }
    int bytes = 8 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
    return fd;
}

static int send_frames(const struct job *job, int away) {
    struct mmsghdr messages[BURST];
    struct iovec parts[BURST];
    int room = job->window - away;
    int count = room < BURST ? room : BURST;
    if (count <= 0) {
        return 0;
    }
    int64_t time = now();
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < count; i++) {
        struct frame *frame = (struct frame *)frames[i];
        memcpy(frame->to, in_mac, 6);
        memcpy(frame->from, out_mac, 6);
        frame->type = htons(TYPE);
        frame->run = run_number;
        frame->sent_at = time;
        parts[i].iov_base = frame;
        parts[i].iov_len = job->frame_bytes;
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int sent = sendmmsg(out, messages, count, MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != ENOBUFS) {
        fail("sendmmsg");
    }
    return sent < 0 ? 0 : sent;
}

static int receive_frames(int counts) {
    struct mmsghdr messages[BURST];
    struct iovec parts[BURST];
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < BURST; i++) {
        parts[i].iov_base = received[i];
        parts[i].iov_len = sizeof received[i];
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int got = recvmmsg(in, messages, BURST, MSG_DONTWAIT, NULL);
    if (got < 0) {
        if (errno != EAGAIN) {
            fail("recvmmsg");
        }
        return 0;
    }
    int64_t time = now();
    int ours = 0;
    for (int i = 0; i < got; i++) {
        const struct frame *frame = (const struct frame *)received[i];
        if (messages[i].msg_len >= sizeof *frame && frame->run == run_number) {
            ours++;
            if (counts) {
                record(&packets, time - frame->sent_at);
            }
        }
    }
    return ours;
}

/* --- requests --- */

static uint64_t random_number(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

static int submit_requests(const struct job *job) {
    struct iocb *list[MAX_DEPTH];
    int count = 0;
    uint64_t block_count = disk_bytes / job->block_bytes;
    int64_t time = now();
    while (free_count > 0) {
        int slot = free_slots[--free_count];
        struct iocb *cb = &control[slot];
        int reads = strstr(job->kind, "rw") ? random_number() & 1 : strstr(job->kind, "read") != NULL;
        uint64_t block = strncmp(job->kind, "rand", 4) == 0 ? random_number() % block_count : position++ % block_count;
        memset(cb, 0, sizeof *cb);
        cb->aio_data = slot;
        cb->aio_lio_opcode = reads ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
        cb->aio_fildes = disk;
        cb->aio_buf = (uint64_t)(uintptr_t)(blocks + (size_t)slot * job->block_bytes);
        cb->aio_nbytes = job->block_bytes;
        cb->aio_offset = block * job->block_bytes;
        cb->aio_flags = IOCB_FLAG_RESFD;
        cb->aio_resfd = wake;
        submitted_at[slot] = time;
        list[count++] = cb;
    }
    if (count > 0 && syscall(SYS_io_submit, aio, count, list) != count) {
        fail("io_submit");
    }
    return count;
}

static int reap_requests(const struct job *job, int counts) {
    struct io_event events[BURST];
    struct timespec none = {0};
    int got = syscall(SYS_io_getevents, aio, 0, BURST, events, &none);
    if (got < 0) {
        fail("io_getevents");
    }
    int64_t time = got ? now() : 0;
    for (int i = 0; i < got; i++) {
        int slot = (int)events[i].data;
        if (events[i].res != job->block_bytes) {
            errno = events[i].res < 0 ? (int)-events[i].res : EIO;
            fail("a request");
        }
        if (counts) {
            record(&requests, time - submitted_at[slot]);
        }
        free_slots[free_count++] = slot;
    }
    return got;
}

/* --- jobs --- */

static void rest(void) {
    struct pollfd fds[] = {{.fd = in, .events = POLLIN}, {.fd = wake, .events = POLLIN}};
    uint64_t count;
    if (poll(fds, 2, 10) > 0 && (fds[1].revents & POLLIN) && read(wake, &count, sizeof count) < 0 && errno != EAGAIN) {
        fail("read(eventfd)");
    }
}

static int away;

/* Works until then; what is away stays so. */
static void work(const struct job *job, int64_t end, int counts, int starts) {
    int has_frames = job->frame_bytes > 0, has_requests = job->kind[0] != '-';
    int64_t quiet_since = now();
    for (int64_t time = quiet_since; time < end; time = now()) {
        int done = 0;
        if (has_frames) {
            int got = receive_frames(counts);
            away -= got;
            int sent = starts ? send_frames(job, away) : 0;
            away += sent;
            done += got + sent;
        }
        if (has_requests) {
            int got = reap_requests(job, counts);
            done += got;
            if (starts && (got > 0 || free_count == job->depth)) {
                done += submit_requests(job);
            }
        }
        if (done > 0) {
            quiet_since = time;
        } else {
            if (!starts && away <= 0 && (!has_requests || free_count == job->depth)) {
                return;
            }
            if (time - quiet_since > LOST_AFTER) {
                if (has_requests && free_count < job->depth) {
                    errno = ETIMEDOUT;
                    fail("a request");
                }
                away = 0;
                quiet_since = time;
            }
            rest();
        }
    }
}

static void run(const struct job *job) {
    memset(&packets, 0, sizeof packets);
    memset(&requests, 0, sizeof requests);
    run_number++;
    away = 0;
    free_count = 0;
    if (job->kind[0] != '-') {
        for (int i = 0; i < job->depth; i++) {
            free_slots[free_count++] = i;
        }
    }
    work(job, now() + job->warm * 1000000LL, 0, 1);
    fprintf(port, "BEGIN\n");
    fflush(port);
    int64_t begin = now();
    work(job, begin + job->run * 1000000LL, 1, 1);
    int64_t end = now();
    /* first the word alone: what printing the rest takes does not belong to the job */
    fprintf(port, "END\n");
    fflush(port);
    fprintf(port, "DONE seconds=%.6f", (end - begin) / 1e9);
    if (job->frame_bytes > 0) {
        print("packets", &packets);
    }
    if (job->kind[0] != '-') {
        print("requests", &requests);
    }
    fprintf(port, "\n");
    fflush(port);
    work(job, now() + 2 * LOST_AFTER, 0, 0);
    if (job->kind[0] != '-' && free_count < job->depth) {
        errno = ETIMEDOUT;
        fail("a request");
    }
    fprintf(port, "IDLE\n");
    fflush(port);
}

static int usable(const struct job *job) {
    int requests_fit = job->kind[0] == '-'
            || (job->depth >= 1 && job->depth <= MAX_DEPTH && job->block_bytes >= 512 && job->block_bytes % 512 == 0
                && (uint64_t)job->block_bytes <= disk_bytes && job->block_bytes <= 1 << 20);
    int frames_fit = job->frame_bytes == 0
            || (job->frame_bytes >= (int)sizeof(struct frame) && job->frame_bytes <= MAX_FRAME && job->window >= 1
                && job->window <= MAX_WINDOW);
    return requests_fit && frames_fit && job->warm >= 0 && job->run > 0;
}

int main(int argc, char **argv) {
    char line[256];
    struct termios raw;
    FILE *jobs = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!jobs || !(port = fopen(argv[1], "w"))) {
        fprintf(stderr, "usage: load SERIAL_PORT\n");
        return 2;
    }
    if (tcgetattr(fileno(port), &raw) == 0) {
        cfmakeraw(&raw);
        cfsetspeed(&raw, B115200);
        tcsetattr(fileno(port), TCSANOW, &raw);
    }
    out = interface("eth0", out_mac, &out_address, 0);
    struct sockaddr_ll in_address;
    in = interface("eth1", in_mac, &in_address, htons(TYPE));
    disk = open("/dev/vda", O_RDWR | O_DIRECT);
    if (disk < 0 || ioctl(disk, BLKGETSIZE64, &disk_bytes) < 0) {
        fail("/dev/vda");
    }
    wake = eventfd(0, EFD_NONBLOCK);
    if (wake < 0 || syscall(SYS_io_setup, MAX_DEPTH, &aio) < 0) {
        fail("io_setup");
    }
    size_t room = (size_t)MAX_DEPTH << 18;
    blocks = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (blocks == MAP_FAILED) {
        fail("mmap");
    }
    fprintf(port, "READY\n");
    fflush(port);
    while (fgets(line, sizeof line, jobs)) {
        struct job job = {0};
        if (sscanf(line, "%d %d %15s %d %d %d %d", &job.frame_bytes, &job.window, job.kind, &job.block_bytes, &job.depth,
                   &job.warm, &job.run) == 7 && usable(&job) && (size_t)job.depth * job.block_bytes <= room) {
            run(&job);
        } else {
            fprintf(port, "FAILED no job: %s\n", strtok(line, "\r\n"));
            fflush(port);
        }
    }
    return 0;
}
