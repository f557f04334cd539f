package figure

// hostKind has the checks of package collect/host.
func hostKind(checkType string) (kind, bool) {
	switch checkType {
	case "agent.cpu":
		return cpuKind(), true
	case "agent.memory":
		return memoryKind(), true
	case "agent.load_average":
		return kind{plots: []plot{fromZero(plot{id: "load", title: "Load", sentence: "Processes that run or wait to run, averaged over one, five and fifteen minutes.",
			lines: []line{level("1 min", "1m"), level("5 min", "5m"), level("15 min", "15m")}})}}, true
	case "agent.disk":
		return diskKind(), true
	case "agent.filesystem":
		return filesystemKind(), true
	case "agent.filesystem_state":
		return kind{plots: []plot{fromZero(plot{id: "readonly", title: "Read-only file systems", sentence: "File systems that cannot be written to at present, and those that can.",
			lines: []line{level("read-only", "total_ro"), level("writable", "total_rw")}})}}, true
	case "agent.network":
		return networkKind(), true
	case "agent.process":
		return processKind(), true
	case "agent.file":
		return kind{hidden: []string{"exists", "content_match"}, plots: []plot{
			fromZero(plot{id: "age", title: "Age", sentence: "Time since the file was last changed.", lines: []line{level("age", "age")}}),
			fromZero(plot{id: "size", title: "Size", sentence: "Size of the file, and of all files that the pattern matches.", lines: []line{level("all", "total_size"), level("one", "size")}}),
			fromZero(plot{id: "count", title: "Files", sentence: "Files that the pattern matches.", lines: []line{level("files", "count")}}),
		}}, true
	case "agent.systemd":
		return kind{plots: []plot{
			fromZero(plot{id: "uptime", title: "Uptime", sentence: "Time since the unit became active; it falls to zero with each start.", lines: []line{level("uptime", "uptime")}}),
			fromZero(plot{id: "restarts", title: "Restarts", sentence: "How often systemd has restarted the unit.", lines: []line{level("restarts", "restarts")}}),
		}}, true
	case "agent.virgo":
		return virgoKind(), true
	}
	return kind{}, false
}

func cpuKind() kind {
	return kind{hidden: []string{"cpu_count", "idle_percent_average", "cgroup_cpu_limit"}, plots: []plot{
		percent(plot{id: "usage", title: "Processor", sentence: "Time in which the processors were busy, of all there is, and what with.",
			lines: []line{level("all", "usage_average"), level("programs", "user_percent_average"), level("kernel", "sys_percent_average"),
				level("waiting for disks", "wait_percent_average"), level("interrupts", "irq_percent_average"), level("taken by the hypervisor", "stolen_percent_average")}}),
		percent(plot{id: "spread", title: "Busiest processor", sentence: "The busiest and the idlest of the processors: far apart means that one program cannot use them all.",
			lines: []line{level("busiest", "max_cpu_usage"), level("idlest", "min_cpu_usage")}}),
		percent(plot{id: "cgroup", title: "Processor of the control group", sentence: "Use of what the control group may use, and periods in which it had to wait for more.",
			lines: []line{level("used", "cgroup_cpu_usage"), level("throttled", "cgroup_cpu_throttled")}}),
	}}
}

func memoryKind() kind {
	return kind{hidden: []string{"ram", "free", "swap_free", "total", "swap_total", "actual_free", "cgroup_memory_limit", "cgroup_memory_available", "cgroup_swap_limit"}, plots: []plot{
		percent(plot{id: "share", title: "Memory in use", sentence: "Memory that programs cannot get any more, of all there is; caches count as free.",
			lines: []line{share("used", []string{"total"}, []string{"actual_free"}, []string{"total"})}}),
		fromZero(plot{id: "memory", title: "Memory", sentence: "What programs use, and that together with the kernel's caches; the top is all there is.", top: "total",
			lines: []line{level("with caches", "used"), level("programs", "actual_used")}}),
		fromZero(plot{id: "swap", title: "Swap", sentence: "Memory that was moved to disk; the top is all the space for it.", top: "swap_total", idle: true,
			lines: []line{level("used", "swap_used")}}),
		fromZero(plot{id: "paging", title: "Swapping", sentence: "What is read from swap and written to it: programs wait while it is read.", idle: true,
			lines: []line{counter("read", "swap_page_in"), counter("written", "swap_page_out")}}),
		fromZero(plot{id: "cgroup", title: "Memory of the control group", sentence: "What the control group uses; the top is its limit.", top: "cgroup_memory_limit",
			lines: []line{level("used", "cgroup_memory_used"), level("swap", "cgroup_swap_used")}}),
	}}
}

func diskKind() kind {
	return kind{hidden: []string{"rtime", "wtime", "qtime"}, plots: []plot{
		percent(plot{id: "busy", title: "Disk busy", sentence: "Time in which the disk had at least one request to serve.", layout: across, factor: 100,
			lines: []line{counter("busy", "time")}, idle: true}),
		fromZero(plot{id: "service", title: "Disk response", sentence: "Mean time that a request took in the disk.", layout: across, lines: []line{level("response", "service_time")}, idle: true}),
		fromZero(plot{id: "queue", title: "Disk queue", sentence: "Requests in the queue, on average.", layout: across, lines: []line{level("queue", "queue")}, idle: true}),
		fromZero(plot{id: "bytes", title: "Disk throughput", sentence: "What is read and written per second.", idle: true,
			lines: []line{counter("read", "read_bytes"), counter("written", "write_bytes")}}),
		fromZero(plot{id: "operations", title: "Disk operations", sentence: "Reads and writes per second, whatever their size.", idle: true,
			lines: []line{counter("reads", "reads"), counter("writes", "writes")}}),
	}}
}

func filesystemKind() kind {
	return kind{hidden: []string{"total", "free", "used", "files", "free_files"}, plots: []plot{
		percent(plot{id: "space", title: "Disk space used", sentence: "Space in use, of what those who are not root can use.", layout: across,
			lines: []line{share("used", []string{"used"}, nil, []string{"used", "avail"})}}),
		fromZero(plot{id: "avail", title: "Disk space left", sentence: "Space that those who are not root can still use.", layout: across, lines: []line{level("left", "avail")}}),
		percent(plot{id: "files", title: "Inodes used", sentence: "Files and folders, of those that the file system can have: at 100 % no file can be made, whatever space is left.", layout: across,
			lines: []line{share("used", []string{"files"}, []string{"free_files"}, []string{"files"})}}),
	}}
}

func networkKind() kind {
	return kind{plots: []plot{
		fromZero(plot{id: "traffic", title: "Network", sentence: "What is received and sent per second.", idle: true,
			lines: []line{counter("received", "rx_bytes"), counter("sent", "tx_bytes")}}),
		fromZero(plot{id: "packets", title: "Network packets", sentence: "Packets received and sent per second.", idle: true,
			lines: []line{counter("received", "rx_packets"), counter("sent", "tx_packets")}}),
		fromZero(plot{id: "errors", title: "Network errors", sentence: "Packets that were damaged or dropped per second; none is usual.", idle: true, unit: "packets/s",
			lines: []line{counter("receive errors", "rx_errors"), counter("send errors", "tx_errors"), counter("receive drops", "rx_dropped"), counter("send drops", "tx_dropped"),
				counter("collisions", "tx_collisions"), counter("carrier", "tx_carrier"), counter("frame", "rx_frame"), counter("overruns", "rx_overruns")}}),
	}, hidden: []string{"tx_overruns"}}
}

func processKind() kind {
	return kind{plots: []plot{
		fromZero(plot{id: "count", title: "Processes", sentence: "Processes that match.", lines: []line{level("processes", "count")}}),
		fromZero(plot{id: "cpu", title: "Processor of the processes", sentence: "Processor time of all that match; 100 % is one processor.", lines: []line{level("all", "cpu_percent")}}),
		fromZero(plot{id: "memory", title: "Memory of the processes", sentence: "Memory that they occupy, together.", lines: []line{level("resident", "rss")}}),
		fromZero(plot{id: "threads", title: "Threads and open files", sentence: "Of all processes that match.", lines: []line{level("threads", "threads"), level("open files", "open_files")}}),
		fromZero(plot{id: "age", title: "Age of the oldest process", sentence: "It falls when the process is started anew.", lines: []line{level("oldest", "oldest_age")}}),
	}}
}

func virgoKind() kind {
	return kind{counters: []string{"dropped_*", "remote_*"}, plots: []plot{
		fromZero(plot{id: "waiting", title: "Results waiting", sentence: "Results on the host that were not delivered yet, and those that the endpoint refused.",
			lines: []line{level("waiting", "spool_results"), level("refused", "spool_rejected")}}),
		fromZero(plot{id: "oldest", title: "Oldest result waiting", sentence: "How long the oldest result has waited for delivery.", lines: []line{level("waits for", "spool_oldest_age")}}),
		plot{id: "clock", title: "Clock", sentence: "How far the host's clock is behind the endpoint's; below zero it is ahead.", lines: []line{level("behind", "clock_offset")}},
		fromZero(plot{id: "durations", title: "Duration of runs", sentence: "How long the agent's last run and last delivery took.",
			lines: []line{level("run", "last_run_duration"), level("delivery", "last_delivery_duration")}}),
		fromZero(plot{id: "memory", title: "Memory of the agent", sentence: "The most that the last run occupied.", lines: []line{level("peak", "peak_memory")}}),
		fromZero(plot{id: "bytes", title: "Space of waiting results", sentence: "What they take on the host's disk.", lines: []line{level("waiting", "spool_bytes")}}),
	}, hidden: []string{"last_delivery_age"}}
}
