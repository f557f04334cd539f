package torture

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// libfaketime replaces libc's functions, and virgo is static and uses no libc: it calls clock_gettime in the pages
// that the kernel maps into every process (vdso(7)). So these tests change that: the process is stopped before its
// first instruction, and its own copy of the function is overwritten. Everything in it then has the wrong clock,
// including TLS's check of a certificate's dates.

// TestRealClockIsWrong is [TestClockIsWrong] with the real program.
func TestRealClockIsWrong(t *testing.T) {
	n := runWithWrongClocks(t, func(h *host, clock string, deliver bool) exitState {
		args := []string{"run", "--no-deliver"}
		if deliver {
			args = args[:1]
		}
		return h.runUnder(clock, args...)
	})
	report(t, "clock-wrong-in-real-runs", n)
}

// By a wrong clock a certificate is not valid yet, or has expired: results are stored, the reason is printed, and
// when the clock is right again they arrive.
func TestRealClockAndCertificates(t *testing.T) {
	r := newRealEndpoint(t)
	h := newWorkingHost(t, r)
	h.write("virgo.yaml", strings.Join([]string{
		"agent_id: " + agentID, "endpoint: " + r.address, "token: " + r.token, "ca_file: " + filepath.Join(r.dir, "ca.pem"), "",
	}, "\n"), 0o600)
	l := newLedger(t)
	for clock, want := range map[string]string{"262800h": "expired", "-262800h": "is valid from"} {
		one := h.newCheckSet("certificate-"+strings.Fields(want)[0], "")
		l.start(one.checks)
		e := h.runUnder(clock, "run")
		if e.code != 0 || !strings.Contains(e.errs, want) || !strings.Contains(e.errs, "results are kept") {
			t.Errorf("under %s it ended with %d, want 0 and the text %q: %s", clock, e.code, want, e.errs)
		}
		l.expect("the run ended with 0", one.checks...)
		h.removeCheckSet(one)
		e = h.run("run")
		if e.code != 0 || !strings.Contains(e.errs, "delivery works again") {
			t.Errorf("with the clock right again it ended with %d: %s", e.code, e.errs)
		}
	}
	h.drain(l)
	l.verify(r.stored())
}

// runUnder runs virgo with a clock as [wrongClock] reads it.
func (h *host) runUnder(clock string, args ...string) exitState {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := h.command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = waitDelay
	started := time.Now()
	startUnder(h.t, cmd, clock)
	code := exitOf(h.t, ignoreWaitDelay(cmd.Wait()))
	return exitState{code, time.Since(started), out.String(), errs.String()}
}

// startUnder starts a program with that clock.
func startUnder(t testing.TB, cmd *exec.Cmd, clock string) {
	t.Helper()
	runtime.LockOSThread() // one thread is the tracer
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		if os.IsPermission(err) {
			missing(t, "ptrace(2) is not allowed here: "+err.Error())
		}
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	var status syscall.WaitStatus
	_, err := syscall.Wait4(pid, &status, 0, nil)
	if err == nil && !status.Stopped() {
		err = fmt.Errorf("it did not stop: status %x", status)
	}
	if err == nil {
		err = overwriteClock(pid, clock)
	}
	if err == nil {
		err = syscall.PtraceDetach(pid)
	}
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		t.Fatalf("changing its clock: %v", err)
	}
}

// overwriteClock replaces the clock of a stopped process.
func overwriteClock(pid int, clock string) error {
	code, err := clockCode(clock, time.Now())
	if err != nil {
		return err
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return err
	}
	var from, to uint64
	for line := range strings.Lines(string(maps)) {
		if strings.HasSuffix(strings.TrimSpace(line), "[vdso]") {
			span, _, _ := strings.Cut(line, " ")
			low, high, _ := strings.Cut(span, "-")
			from, _ = strconv.ParseUint(low, 16, 64)
			to, _ = strconv.ParseUint(high, 16, 64)
		}
	}
	if from == 0 || to <= from || to-from > 1<<20 {
		return fmt.Errorf("no vdso between %x and %x", from, to)
	}
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	image := make([]byte, to-from)
	if _, err := mem.ReadAt(image, int64(from)); err != nil {
		return err
	}
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return err
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return err
	}
	for _, s := range symbols {
		if s.Name == "__vdso_clock_gettime" {
			_, err := mem.WriteAt(code, int64(from+s.Value))
			return err
		}
	}
	return fmt.Errorf("the vdso has no clock")
}

// clockCode is machine code for clock_gettime(edi: which clock, rsi: result): the kernel's answer, changed for the
// time of day (0). Other clocks, above all the monotonic one, are unchanged.
func clockCode(clock string, now time.Time) ([]byte, error) {
	kind, text, ok := strings.Cut(clock, " ")
	if !ok {
		kind, text = "", clock
	}
	offset, err := time.ParseDuration(text)
	if err != nil {
		return nil, err
	}
	code := []byte{
		0xb8, 0xe4, 0, 0, 0, // mov eax, 228: clock_gettime
		0x0f, 0x05, // syscall
		0x85, 0xff, // test edi, edi
		0x74, 0x01, // jz over the next
		0xc3,       // ret
		0x48, 0xb9, // mov rcx, what follows
	}
	seconds := int64(offset / time.Second)
	switch kind {
	case "":
		code = append(binary.LittleEndian.AppendUint64(code, uint64(seconds)),
			0x48, 0x01, 0x0e, // add [rsi], rcx
			0xc3)
	case "jump":
		code = append(binary.LittleEndian.AppendUint64(code, uint64(seconds)),
			0x0f, 0x31, // rdtsc
			0xc1, 0xe8, 0x0c, // shr eax, 12
			0x83, 0xe0, 0x03, // and eax, 3
			0xff, 0xc8, // dec eax
			0x48, 0x98, // cdqe: rax is -1, 0, 1 or 2
			0x48, 0xd1, 0xf9, // sar rcx, 1
			0x48, 0x0f, 0xaf, 0xc8, // imul rcx, rax
			0x48, 0x01, 0x0e, // add [rsi], rcx
			0x31, 0xc0, // xor eax, eax
			0xc3)
	case "back":
		code = append(binary.LittleEndian.AppendUint64(code, uint64(2*now.Unix()+seconds)),
			0x48, 0x2b, 0x0e, // sub rcx, [rsi]
			0x48, 0x89, 0x0e, // mov [rsi], rcx
			0xb9, 0xff, 0xc9, 0x9a, 0x3b, // mov ecx, 999999999
			0x48, 0x2b, 0x4e, 0x08, // sub rcx, [rsi+8]
			0x48, 0x89, 0x4e, 0x08, // mov [rsi+8], rcx
			0xc3)
	default:
		return nil, fmt.Errorf("unknown clock %q", clock)
	}
	return code, nil
}
