package macos

import (
	"syscall"
	"unsafe"
)

// The functions of libSystem. Each address is that of a jump in libsystem_darwin.s.

//go:cgo_import_dynamic libc_host_processor_info host_processor_info "/usr/lib/libSystem.B.dylib"
//go:cgo_import_dynamic libc_host_statistics64 host_statistics64 "/usr/lib/libSystem.B.dylib"
//go:cgo_import_dynamic libc_mach_host_self mach_host_self "/usr/lib/libSystem.B.dylib"
//go:cgo_import_dynamic libc_mach_task_self mach_task_self "/usr/lib/libSystem.B.dylib"
//go:cgo_import_dynamic libc_mach_timebase_info mach_timebase_info "/usr/lib/libSystem.B.dylib"
//go:cgo_import_dynamic libc_proc_pidinfo proc_pidinfo "/usr/lib/libSystem.B.dylib"
//go:cgo_import_dynamic libc_proc_pidpath proc_pidpath "/usr/lib/libSystem.B.dylib"
//go:cgo_import_dynamic libc_vm_deallocate vm_deallocate "/usr/lib/libSystem.B.dylib"

var (
	libc_host_processor_info_trampoline_addr uintptr
	libc_host_statistics64_trampoline_addr   uintptr
	libc_mach_host_self_trampoline_addr      uintptr
	libc_mach_task_self_trampoline_addr      uintptr
	libc_mach_timebase_info_trampoline_addr  uintptr
	libc_proc_pidinfo_trampoline_addr        uintptr
	libc_proc_pidpath_trampoline_addr        uintptr
	libc_vm_deallocate_trampoline_addr       uintptr
)

// call is syscall.syscall6, which runs a function of the system library on a stack of its size. A
// pointer in the arguments is converted to uintptr in the call itself, which keeps its object alive
// and in place.
//
//go:linkname call syscall.syscall6
func call(fn, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err syscall.Errno)

const (
	processorCPULoad = 2 // PROCESSOR_CPU_LOAD_INFO
	hostVMInfo64     = 4 // HOST_VM_INFO64
	pidTaskInfo      = 4 // PROC_PIDTASKINFO
	pidListFiles     = 1 // PROC_PIDLISTFDS
)

// hostProcessorInfo returns the counters of all processors. They are in memory of this process that the
// kernel has mapped, which release unmaps.
func hostProcessorInfo() (counters []uint32, processors int, release func(), code uint32) {
	var (
		n, size uint32
		first   *uint32
	)
	host, _, _ := call(libc_mach_host_self_trampoline_addr, 0, 0, 0, 0, 0, 0)
	r, _, _ := call(libc_host_processor_info_trampoline_addr, host, processorCPULoad,
		uintptr(unsafe.Pointer(&n)), uintptr(unsafe.Pointer(&first)), uintptr(unsafe.Pointer(&size)), 0)
	if code := uint32(r); code != 0 || first == nil {
		return nil, 0, func() {}, code
	}
	return unsafe.Slice(first, size), int(n), func() {
		task, _, _ := call(libc_mach_task_self_trampoline_addr, 0, 0, 0, 0, 0, 0)
		call(libc_vm_deallocate_trampoline_addr, task, uintptr(unsafe.Pointer(first)), 4*uintptr(size), 0, 0, 0)
	}, 0
}

// hostStatistics fills b with vm_statistics64.
func hostStatistics(b *[vmStatisticsBytes]byte) (n int, code uint32) {
	count := uint32(len(b) / 4)
	host, _, _ := call(libc_mach_host_self_trampoline_addr, 0, 0, 0, 0, 0, 0)
	r, _, _ := call(libc_host_statistics64_trampoline_addr, host, hostVMInfo64,
		uintptr(unsafe.Pointer(b)), uintptr(unsafe.Pointer(&count)), 0, 0)
	return int(count) * 4, uint32(r)
}

func machTimebase() (t timebase) {
	call(libc_mach_timebase_info_trampoline_addr, uintptr(unsafe.Pointer(&t)), 0, 0, 0, 0, 0)
	return t
}

// pidInfo fills b and returns how many bytes there are; 0 without permission, or if the process has
// ended. Without b it returns how many there may be.
func pidInfo(pid int, flavor uintptr, b []byte) int {
	r, _, _ := call(libc_proc_pidinfo_trampoline_addr, uintptr(pid), flavor, 0,
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0)
	return max(0, int(int32(r)))
}

func pidPath(pid int, b []byte) int {
	r, _, _ := call(libc_proc_pidpath_trampoline_addr, uintptr(pid),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
	return max(0, int(int32(r)))
}
