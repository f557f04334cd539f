// Package macos reads the figures of a Mac in a program that is built without cgo.
//
// # Where they come from
//
//	processors    host_processor_info, which mach_host_self and vm_deallocate go with
//	memory        host_statistics64 (HOST_VM_INFO64), sysctl hw.memsize and vm.swapusage
//	interfaces    sysctl NET_RT_IFLIST2, whose counters have 64 bits
//	processes     sysctl kern.proc.all and kern.procargs2, proc_pidinfo, proc_pidpath
//	              of other users without root, /bin/ps, which may see them
//	disks         /usr/sbin/ioreg: I/O Kit is a framework, and loading it would cost every run
//	the machine   sysctl kern.osproductversion; its id by ioreg
//
// No program is looked up in PATH. The functions belong to libSystem and are called as
// golang.org/x/sys/unix calls others: a dynamic import, a jump to it, and syscall.syscall6. purego,
// which can call any library, was not taken: without cgo it brings a runtime of its own for threads,
// for seven functions that need none of it.
//
// # What can fail
//
// As another user than root, the kernel tells the figures and arguments of that user's own processes
// only; [List] has fewer of all. What the system does not count, such as the time that a disk was
// busy, is not there.
//
// What parses bytes is in files for every system, so that it is tested everywhere. The layouts are
// those of Apple's headers mach/processor_info.h, mach/vm_statistics.h, net/if_var.h, sys/proc_info.h
// and IOKit/storage/IOBlockStorageDriver.h. The package has not run on a Mac yet: it is built, vetted
// and linked for both architectures, and the parsers read bytes that were made after the headers.
//
// # Who could abuse it
//
// ioreg prints names that a device chose. They are read between quotes, one line each, and output is
// bounded by package program.
package macos
