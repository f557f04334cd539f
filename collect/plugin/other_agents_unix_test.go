//go:build unix

package plugin

import (
	"testing"

	"virgo/schedule"
)

// TestPluginsOfOtherAgents: plugins for other agents run unchanged, and their format is detected.
func TestPluginsOfOtherAgents(t *testing.T) {
	dir := folder(t)
	for _, tt := range []struct{ name, body, want string }{
		{"existing agent", `#!/bin/sh
echo "status $(ls -d / | wc -l | tr -d ' ') root"
echo "state available"
echo "metric disk.sda.reads int64 12 operations"
echo "metric $RAX_CHECK_ID.period gauge $RAX_CHECK_PERIOD seconds"
`, "available: 1 root\n[disk.sda]reads int64 12 operations\n[ch1]period gauge 60 seconds\n"},
		{"cloudkick", `#!/bin/sh
echo "status warn queue is long"
echo "metric queue_length int 512"
echo "metric load float 1.25"
echo "metric host string $(echo web one)"
`, "available: queue is long\nlegacy_state string warn\nqueue_length int64 512\nload double 1.25\nhost string web one\n"},
		{"nagios", `#!/bin/sh
# warns where there is a root folder
STATE_WARNING=1
[ -d / ] && { echo "FOLDER WARNING: there is one | 'root folders'=1;~:0;@5:9;0; time=12ms"; exit $STATE_WARNING; }
echo "FOLDER OK"
`, "available: FOLDER WARNING: there is one\nroot folders double 1\ntime double 0.012 seconds\nplugin_state string warning\n"},
		{"nagios crash", `#!/bin/sh
echo "FOLDER OK | root=1"
kill -SEGV $$
`, "unavailable: Plugin was ended by signal 11 (segmentation fault): FOLDER OK\n"},
		{"nagios without its program", `#!/bin/sh
no-such-program-here 2>/dev/null
exit $?
`, "unavailable: Plugin exited with non-zero status code (code=127)\n"},
		{"checkmk", `#!/bin/sh
count=$(ls -d / | wc -l | tr -d ' ')
echo "P 'Root folders' count=$count;1:2;0:3 counted"
echo "0 Uptime - up"
[ "$count" = 9 ]
`, "available: All 2 services are ok\n[Root folders]plugin_state string ok\n[Root folders]count double 1\n[Uptime]plugin_state string ok\n"},
		{"prometheus", `#!/bin/sh
cat <<END
# HELP node_reboot_required Whether a reboot is required.
# TYPE node_reboot_required gauge
node_reboot_required{reason="kernel"} 0
END
`, "available: \n[reason=kernel]node_reboot_required double 0\n"},
		{"telegraf", "#!/bin/sh\necho \"queue,name=mail\\\\ out length=3i,oldest=1.5 $(date +%s)000000000\"\n",
			"available: \n[queue,name=mail out]length int64 3\n[queue,name=mail out]oldest double 1.5\n"},
		{"json", "#!/bin/sh\nprintf '{\"status\": \"fine\",\\n \"queue\": {\"length\": 3}}'\n", "available: fine\n[queue]length double 3\n"},
	} {
		install(t, dir, tt.name, tt.body)
		r, err := checkIn(t.Context(), dir, schedule.Details{"file": tt.name})
		if got := describe(outcome{Report: r, Err: err}); got != ", "+tt.want {
			t.Errorf("%s: %swant %s", tt.name, got[2:], tt.want)
		}
	}
}
