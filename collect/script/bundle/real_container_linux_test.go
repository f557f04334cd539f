package bundle

import (
	"archive/tar"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"virgo/collect/collecttest"
	"virgo/collect/script"
	"virgo/collect/script/trial"
	"virgo/schedule"
)

// An engine is a service of containers with everything in a folder of the test.
type engine struct {
	client []string // its command line
	socket string
	group  string // control group above those of its containers
	image  string // a tar archive
}

// newEngine makes the image, of busybox alone, and the control group.
func newEngine(t *testing.T) (e engine, dir string) {
	t.Helper()
	busybox := collecttest.Program(t, "busybox", "busybox")
	if os.Getuid() != 0 {
		t.Skip("only root may run containers here")
	}
	dir = collecttest.Folder(t)
	e = engine{socket: filepath.Join(dir, "sock"), group: filepath.Base(dir), image: filepath.Join(dir, "image.tar")}
	made := false
	for _, parent := range []string{"/sys/fs/cgroup/memory", "/sys/fs/cgroup"} {
		made = made || os.Mkdir(filepath.Join(parent, e.group), 0o755) == nil
	}
	if !made {
		t.Skip("no control group can be made here")
	}
	t.Cleanup(e.removeGroups)

	files := map[string]string{"bin/busybox": busybox, "bin/sh": busybox}
	libraries, _ := exec.Command("ldd", busybox).Output() // fails for one that is linked statically
	for _, path := range regexp.MustCompile(`/\S+\.so\S*`).FindAllString(string(libraries), -1) {
		files[strings.TrimPrefix(path, "/")] = path
	}
	file, err := os.Create(e.image)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(file)
	for name, path := range files {
		content, err := os.ReadFile(path)
		err = errors.Join(err, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
		if _, more := w.Write(content); err != nil || more != nil {
			t.Fatal(err, more)
		}
	}
	if err := errors.Join(w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return e, dir
}

// removeGroups removes what the engine leaves below /sys/fs/cgroup.
func (e engine) removeGroups() {
	for _, pattern := range []string{"/sys/fs/cgroup/" + e.group, "/sys/fs/cgroup/*/" + e.group} {
		tops, _ := filepath.Glob(pattern)
		for _, top := range tops {
			var folders []string
			filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
				if err == nil && d.IsDir() {
					folders = append(folders, path)
				}
				return nil
			})
			for i := len(folders) - 1; i >= 0; i-- {
				os.Remove(folders[i])
			}
		}
	}
}

func (e engine) do(t *testing.T, args ...string) {
	t.Helper()
	command(t, nil, e.client[0], append(e.client[1:len(e.client):len(e.client)], args...)...)
}

// start runs a container of the image that does what the busybox command says.
func (e engine) start(t *testing.T, name string, options []string, busybox ...string) {
	t.Helper()
	t.Cleanup(func() { exec.Command(e.client[0], append(e.client[1:], "rm", "-f", name)...).Run() })
	args := append([]string{"run", "-d", "--name", name, "--net", "none", "--cgroup-parent", "/" + e.group,
		"--stop-timeout", "0", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"}, options...)
	e.do(t, append(append(args, "box", "/bin/busybox"), busybox...)...)
}

// observe has one container that works, one whose health check fails, and one that ends.
func (e engine) observe(t *testing.T, checkHealth func()) {
	t.Helper()
	e.do(t, "import", e.image, "box")
	e.start(t, "web", []string{"--memory", "64m"}, "sleep", "3600")
	e.start(t, "sick", []string{"--health-cmd", "exit 1", "--health-retries", "1", "--health-interval", "1s"}, "sleep", "3600")
	e.start(t, "job", nil, "true")
	checkHealth()

	run := trial.Run{Details: schedule.Details{"socket": e.socket}, Now: time.Unix(1_700_000_000, 0)}
	again := func() *trial.Outcome {
		o := runFor(t, "containers", run, script.World{})
		run.Saved, run.Now = o.Saved, run.Now.Add(time.Minute)
		return o
	}
	until(t, "sick is unhealthy; 2 running, 1 stopped", again)
	o := again() // with the processor time since then
	reports(t, o, map[string]string{
		"running": "2", "stopped": "1", "restarting": "0", "unhealthy": "1", "not_asked": "0",
		"state web": "running", "state job": "exited", "health sick": "unhealthy",
		"restarts web": "0", "memory web": "*", "memory_limit web": "67108864", "cpu_percent web": "*",
	})
	for _, m := range o.Metrics {
		if m.Name == "health" && m.Dimension != "sick" || m.Dimension == "job" && m.Name != "state" {
			t.Errorf("%s of %s is %s", m.Name, m.Dimension, m.Value)
		}
	}
}

func TestRealPodman(t *testing.T) {
	t.Parallel()
	podman, runc := collecttest.Program(t, "podman", "podman"), collecttest.Program(t, "runc", "runc")
	e, dir := newEngine(t)
	const images = "/var/lib/containers" // what it knows of images is there, wherever these are
	if _, err := os.Stat(images); errors.Is(err, fs.ErrNotExist) {
		t.Cleanup(func() {
			os.RemoveAll(filepath.Join(images, "cache"))
			os.Remove(images)
		})
	}
	e.client = []string{podman, "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--tmpdir", filepath.Join(dir, "tmp"),
		"--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", runc}
	service := exec.Command(podman, append(e.client[1:len(e.client):len(e.client)], "system", "service", "--time", "0", "unix://"+e.socket)...)
	collecttest.Serve(t, service, collecttest.Answers("unix", e.socket))
	// the timers of health checks are systemd's, which need not run here
	e.observe(t, func() { exec.Command(podman, append(e.client[1:], "healthcheck", "run", "sick")...).Run() })
}

func TestRealDocker(t *testing.T) {
	t.Parallel()
	dockerd, docker := collecttest.Program(t, "dockerd", "docker.io"), collecttest.Program(t, "/usr/bin/docker", "docker.io")
	unshare := collecttest.Program(t, "unshare", "util-linux")
	e, dir := newEngine(t)
	e.client = []string{docker, "--config", dir, "-H", "unix://" + e.socket}
	config := collecttest.WriteFile(t, dir, "daemon.json", "{}")
	// Some of its paths are fixed: it has its own /run, and its own /etc/docker for a key that it makes.
	server := exec.Command(unshare, "--mount", "sh", "-c", `mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /etc/docker && exec "$0" "$@"`, dockerd, "--config-file", config,
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"), "--pidfile", filepath.Join(dir, "pid"),
		"--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver", "vfs", "-H", "unix://"+e.socket)
	collecttest.Serve(t, server, prints("Server", docker, "-H", "unix://"+e.socket, "version"))
	e.observe(t, func() {})
}
