package plugin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect"
)

// describe returns an outcome as text: a line for the state, and one for each metric and fault.
func describe(x outcome) string {
	var b strings.Builder
	state, status := collect.Available, x.Report.Status
	switch {
	case x.Err != nil:
		state, status = collect.Unavailable, x.Err.Error()
	case x.Report.Unavailable:
		state = collect.Unavailable
	}
	fmt.Fprintf(&b, "%s, %s: %s\n", x.Format, state, status)
	for _, m := range x.Report.Metrics {
		fmt.Fprintln(&b, describeMetric(m))
	}
	for _, f := range x.Faults {
		fmt.Fprintf(&b, "line %d: %s\n", f.Line, f.Text)
	}
	return b.String()
}

// describeMetric returns "[DIMENSION]NAME TYPE VALUE [UNIT]".
func describeMetric(m collect.Metric) string {
	name := m.Name
	if m.Dimension != "" {
		name = "[" + m.Dimension + "]" + name
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", name, m.Type, m.Value, m.Unit))
}

// TestCapturedOutputs parses captured outputs of real plugins, whose format is detected.
func TestCapturedOutputs(t *testing.T) {
	for _, tt := range []struct {
		file         string
		code, signal int
		want         string
	}{
		{"nagios_two_places.txt", 0, 0, `nagios, available: DISK OK - free space: / 3326 MB (56%);
/ double 2771386368 bytes
/boot double 71303168 bytes
/home double 72726085632 bytes
/var/log double 857735168 bytes
plugin_state string ok
`},
		{"nagios_check_disk_quoted.txt", 0, 0, `nagios, available: DISK OK - free space: /mnt/it's a b 1MiB (100% inode=99%); / 77998MiB (83% inode=97%);
/mnt/it's a b double 0 bytes
/ double 16005464064 bytes
plugin_state string ok
`},
		{"nagios_check_disk_critical.txt", 2, 0, `nagios, available: DISK CRITICAL - free space: / 77998MiB (83% inode=97%);
/ double 16005464064 bytes
plugin_state string critical
`},
		{"nagios_check_procs_ranges.txt", 1, 0, `nagios, available: PROCS WARNING: 94 processes
procs double 94
plugin_state string warning
`},
		{"nagios_check_icmp.txt", 0, 0, `nagios, available: OK - 127.0.0.1: rta 0.026ms, lost 0% :: 127.0.0.2: rta 0.006ms, lost 0%
127.0.0.1rta double 0.000026 seconds
127.0.0.1pl double 0 percent
127.0.0.1rtmax double 0.000048 seconds
127.0.0.1rtmin double 0.000005 seconds
127.0.0.2rta double 0.000006 seconds
127.0.0.2pl double 0 percent
127.0.0.2rtmax double 0.000008 seconds
127.0.0.2rtmin double 0.000005 seconds
plugin_state string ok
`},
		{"nagios_check_cluster.txt", 1, 0, `nagios, available: CLUSTER WARNING: lab: 1 ok, 1 warning, 0 unknown, 1 critical
plugin_state string warning
`},
		{"nagios_check_tcp_refused.txt", 2, 0, `nagios, unavailable: connect to address 127.0.0.1 and port 9: Connection refused
`},
		{"nagios_check_http_refused.txt", 2, 0, `nagios, unavailable: connect to address 127.0.0.1 and port 9: Connection refused
`},
		{"nagios_check_time_unknown.txt", 3, 0, `nagios, unavailable: connect to address 127.0.0.1 and port 9: Connection refused
`},
		{"nagios_check_log_first.txt", 0, 0, `virgo, unavailable: Unrecognized line "Log check data initialized..."
line 1: Unrecognized line "Log check data initialized..."
`},
		{"nagios_check_disk_critical.txt", 3, 0, `nagios, available: DISK CRITICAL - free space: / 77998MiB (83% inode=97%);
/ double 16005464064 bytes
plugin_state string unknown
`},
		{"nagios_check_disk_critical.txt", 4, 0, `nagios, unavailable: Plugin exited with non-zero status code (code=4): DISK CRITICAL - free space: / 77998MiB (83% inode=97%);
`},
		{"nagios_check_disk_critical.txt", 126, 0, `nagios, unavailable: Plugin exited with non-zero status code (code=126): DISK CRITICAL - free space: / 77998MiB (83% inode=97%);
`},
		{"nagios_check_disk_critical.txt", 127, 0, `nagios, unavailable: Plugin exited with non-zero status code (code=127): DISK CRITICAL - free space: / 77998MiB (83% inode=97%);
`},
		{"nagios_check_disk_critical.txt", 0, 9, `nagios, unavailable: Plugin was ended by signal 9 (killed): DISK CRITICAL - free space: / 77998MiB (83% inode=97%);
`},
		{"checkmk_services.txt", 0, 0, `checkmk, available: 5 of 9 services not ok: NotGood: A critical check
[Service_FOO]plugin_state string ok
[Service_FOO]V double 1
[Bar_Service]plugin_state string warning
[NotGood]plugin_state string critical
[NotGood]V double 120
[Some_other_Service]plugin_state string warning
[Some_other_Service]value1 double 10
[Some_other_Service]value2 double 20
[This_is_OK]plugin_state string ok
[This_is_OK]foo double 18
[Some_yet_other_Service]plugin_state string warning
[Some_yet_other_Service]temp double 40
[Some_yet_other_Service]humidity double 28
[Has-no-var]plugin_state string ok
[No-Text]plugin_state string warning
[No-Text]hirn double -8
[Service Name]plugin_state string ok
`},
		{"prometheus_directory_size.prom", 0, 0, `prometheus, available: 
[directory=/etc]node_directory_size_bytes double 6221824 bytes
[directory=/usr/lib]node_directory_size_bytes double 4752232448 bytes
`},
		{"prometheus_directory_size.prom", 1, 0, `prometheus, unavailable: Plugin exited with non-zero status code (code=1)
`},
		{"prometheus_node_exporter.prom", 0, 0, `prometheus, available: 
[quantile=0]go_gc_duration_seconds double 0 seconds
[quantile=0.25]go_gc_duration_seconds double 0 seconds
[quantile=0.5]go_gc_duration_seconds double 0 seconds
[quantile=0.75]go_gc_duration_seconds double 0 seconds
[quantile=1]go_gc_duration_seconds double 0 seconds
go_gc_duration_seconds_sum gauge 0 seconds
go_gc_duration_seconds_count gauge 0
go_memstats_alloc_bytes double 868072 bytes
[branch=debian/sid,goarch=amd64,goos=linux,goversion=go1.19.8,revision=1.5.0-1+b6,version=1.5.0]node_exporter_build_info double 1
[device=/dev/vda,fstype=ext4,mountpoint=/]node_filesystem_avail_bytes double 81763463168 bytes
node_load1 double 2.31
[device=eth0]node_network_receive_bytes_total gauge 248995404 bytes
[device=ifb0]node_network_receive_bytes_total gauge 0 bytes
[device=ifb1]node_network_receive_bytes_total gauge 0 bytes
[collector=filesystem]node_scrape_collector_success double 1
[collector=loadavg]node_scrape_collector_success double 1
[collector=netdev]node_scrape_collector_success double 1
[collector=textfile]node_scrape_collector_success double 1
node_textfile_scrape_error double 1
process_cpu_seconds_total gauge 0 seconds
process_virtual_memory_max_bytes double 18446744073709552000 bytes
[code=200]promhttp_metric_handler_requests_total gauge 1
[code=500]promhttp_metric_handler_requests_total gauge 0
[code=503]promhttp_metric_handler_requests_total gauge 0
`},
		{"influx_telegraf.txt", 0, 0, `influx, available: 
[cpu,cpu=cpu0,host=loaner]usage_active double 31.249999981810106
[cpu,cpu=cpu0,host=loaner]usage_guest_nice double 0
[cpu,cpu=cpu0,host=loaner]usage_idle double 68.7500000181899
[disk,fstype=hfs,mode=ro,path=/]free int64 398407520256
[disk,fstype=hfs,mode=ro,path=/]inodes_free int64 97267461
[disk,fstype=hfs,mode=ro,path=/]used_percent double 20.131039916242397
`},
		{"json_php_fpm.json", 0, 0, `json, available: 
pool string www
process manager string dynamic
start time double 1700000000
start since double 86400
accepted conn double 1284
listen queue double 0
max listen queue double 3
idle processes double 2
active processes double 1
max children reached double 0
`},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", tt.file))
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(parseOutput(text, "", tt.code, tt.signal)); got != tt.want {
			t.Errorf("%s, code %d, signal %d:\n%swant\n%s", tt.file, tt.code, tt.signal, got, tt.want)
		}
	}
}
