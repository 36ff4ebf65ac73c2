// Every form of operator new and delete, C23's sized frees, and allocations at the edges of a
// program: static initialisers and destructors, before main, in a library that is opened later,
// in the destructors of thread-locals. Compiled twice: with LIBRARY defined, the library.
//
//   forms LIBRARY    prints a line, and ends with 0, if all is as it should be
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <new>
#include <pthread.h>
#include <string>
#include <thread>
#include <vector>

// A library's memory from its initialisers on; and the program's.
static std::vector<std::string> initialised(1000, std::string(100, 'i'));

#ifdef LIBRARY
thread_local std::string of_this_thread(5000, 't');
extern "C" std::size_t work() {
    return initialised.size() + initialised[999].size() + of_this_thread.size();
}
#else

extern "C" void free_sized(void *, std::size_t);
extern "C" void free_aligned_sized(void *, std::size_t, std::size_t);

static void expect(bool holds, const char *what) {
    if (!holds) {
        std::fprintf(stderr, "%s\n", what);
        std::exit(1);
    }
}

static bool is_before_main = false;
__attribute__((constructor)) static void before_main() {
    char *block = static_cast<char *>(std::malloc(300));
    std::memset(block, 1, 300);
    std::free(block);
    is_before_main = true;
}

static void *fill(void *block, std::size_t size, std::size_t align) {
    expect(block != nullptr && reinterpret_cast<std::uintptr_t>(block) % align == 0, "a block");
    return std::memset(block, 0x5A, size);
}

static void forms(std::size_t size) {
    const std::size_t align = 256;
    const auto wide = std::align_val_t(align);
    const auto quiet = std::nothrow;
    operator delete(fill(operator new(size), size, 16));
    operator delete[](fill(operator new[](size), size, 16));
    operator delete(fill(operator new(size), size, 16), size);
    operator delete[](fill(operator new[](size), size, 16), size);
    operator delete(fill(operator new(size, quiet), size, 16), quiet);
    operator delete[](fill(operator new[](size, quiet), size, 16), quiet);
    operator delete(fill(operator new(size, wide), size, align), wide);
    operator delete[](fill(operator new[](size, wide), size, align), wide);
    operator delete(fill(operator new(size, wide), size, align), size, wide);
    operator delete[](fill(operator new[](size, wide), size, align), size, wide);
    operator delete(fill(operator new(size, wide, quiet), size, align), wide, quiet);
    operator delete[](fill(operator new[](size, wide, quiet), size, align), wide, quiet);
    free_sized(fill(std::malloc(size), size, 16), size);
    const std::size_t rounded = (size + align - 1) / align * align;
    free_aligned_sized(fill(std::aligned_alloc(align, rounded), rounded, align), align, rounded);
}

static int asked = 0;
static void give_up() {
    if (++asked == 3) std::set_new_handler(nullptr);
}

// No memory: the handler is asked until there is none, then an exception says so.
static void impossible() {
    volatile std::size_t size = std::size_t(1) << 62;
    std::set_new_handler(give_up);
    bool thrown = false;
    try {
        operator delete(operator new(size));
    } catch (const std::bad_alloc &) {
        thrown = true;
    }
    expect(thrown && asked == 3, "three calls of the handler, then bad_alloc");
    thrown = false;
    try {
        operator delete[](operator new[](size, std::align_val_t(64)), std::align_val_t(64));
    } catch (const std::bad_alloc &) {
        thrown = true;
    }
    expect(thrown, "bad_alloc of aligned memory");
    expect(operator new(size, std::nothrow) == nullptr, "null in place of bad_alloc");
    expect(operator new[](size, std::align_val_t(64), std::nothrow) == nullptr, "null, aligned");
}

// The last round of a thread's destructors: C's keys come after C++'s thread-locals, and a key
// that is set again comes again.
static pthread_key_t key;
static void late(void *value) {
    const auto round = reinterpret_cast<std::uintptr_t>(value);
    std::free(fill(std::malloc(100 * round), 100 * round, 16));
    if (round < 4) pthread_setspecific(key, reinterpret_cast<void *>(round + 1));
}
struct Leaves {
    std::string text = std::string(3000, 'l');
    ~Leaves() { delete new std::string(text + text); }
};

int main(int, char **arguments) {
    expect(is_before_main && initialised[999].size() == 100, "memory before main");
    for (std::size_t size : {1, 16, 100, 512, 513, 5000, 70000, 200000, 40 << 20}) forms(size);
    operator delete(nullptr);
    operator delete[](nullptr, 5);
    free_sized(nullptr, 0);
    free_aligned_sized(nullptr, 64, 64);
    impossible();
    pthread_key_create(&key, late);
    std::size_t sum = 0;
    for (int round = 0; round < 20; ++round) {
        void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
        expect(library != nullptr, "the library opens");
        auto work = reinterpret_cast<std::size_t (*)()>(dlsym(library, "work"));
        std::thread([&] {
            thread_local Leaves leaves;
            pthread_setspecific(key, reinterpret_cast<void *>(1));
            sum += work() + leaves.text.size();
        }).join();
        dlclose(library);
    }
    expect(sum == 20 * (1000 + 100 + 5000 + 3000), "what the library says");
    std::puts("all forms");
}
#endif
