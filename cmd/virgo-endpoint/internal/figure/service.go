package figure

// serviceKind has the checks of package collect/service that have plots of their own.
func serviceKind(checkType string) (kind, bool) {
	switch checkType {
	case "agent.redis":
		return redisKind(), true
	case "agent.mysql":
		return mysqlKind(), true
	case "agent.apache":
		return apacheKind(), true
	case "agent.postgres":
		return postgresKind(), true
	case "agent.memcached":
		return memcachedKind(), true
	case "agent.nginx":
		return nginxKind(), true
	case "agent.mssql_buffer_manager":
		return kind{plots: []plot{
			percent(plot{id: "hits", title: "Buffer cache hits", sentence: "Pages that were found in memory.", lines: []line{level("hits", "buffer_cache_hit_ratio")}}),
			fromZero(plot{id: "life", title: "Page life expectancy", sentence: "How long a page stays in memory without being used, in seconds.", lines: []line{level("life", "page_life_expectancy")}}),
		}}, true
	}
	return kind{}, false
}

func redisKind() kind {
	return kind{gaugesCount: true, counters: []string{"expired_keys", "evicted_keys"}, hidden: []string{"replication_last_io"}, plots: []plot{
		fromZero(plot{id: "commands", title: "Commands", sentence: "Commands per second.", lines: []line{counter("commands", "total_commands_processed")}}),
		fromZero(plot{id: "memory", title: "Memory", sentence: "What the server's data occupy.", lines: []line{level("used", "used_memory")}}),
		fromZero(plot{id: "clients", title: "Clients", sentence: "Connections, and those that wait for a blocking command.",
			lines: []line{level("connected", "connected_clients"), level("blocked", "blocked_clients")}}),
		fromZero(plot{id: "keys", title: "Keys removed", sentence: "Keys that expired, and those that had to go for want of memory, per second.",
			lines: []line{counter("expired", "expired_keys"), counter("evicted", "evicted_keys")}}),
		fromZero(plot{id: "lag", title: "Replication lag", sentence: "How far the replica is behind.", lines: []line{level("behind", "replication_lag"), level("link down for", "replication_link_down")}}),
	}}
}

func mysqlKind() kind {
	return kind{gaugesCount: true, counters: []string{"core.aborted_clients", "threads.created", "handler.*"}, hidden: []string{"max.connections", "key.buffer_size"}, plots: []plot{
		fromZero(plot{id: "queries", title: "Queries", sentence: "Statements per second.", lines: []line{counter("queries", "core.queries")}}),
		fromZero(plot{id: "connections", title: "Connections", sentence: "Clients that are connected, and those that run a statement; the top is the server's limit.", top: "max.connections",
			lines: []line{level("connected", "threads.connected"), level("running", "threads.running")}}),
		fromZero(plot{id: "rows", title: "InnoDB rows", sentence: "Rows per second.", lines: []line{counter("read", "innodb.rows_read"), counter("inserted", "innodb.rows_inserted"),
			counter("updated", "innodb.rows_updated"), counter("deleted", "innodb.rows_deleted")}}),
		fromZero(plot{id: "locks", title: "Row lock waits", sentence: "Times per second that a statement had to wait for a row.", lines: []line{counter("waits", "innodb.row_lock_waits")}}),
		fromZero(plot{id: "traffic", title: "Traffic", sentence: "What clients send and get per second.", lines: []line{counter("received", "bytes.received"), counter("sent", "bytes.sent")}}),
		fromZero(plot{id: "lag", title: "Replication lag", sentence: "How far the replica is behind.", lines: []line{level("behind", "replication.seconds_behind_master")}}),
	}}
}

func apacheKind() kind {
	return kind{gaugesCount: true, counters: []string{"total_kbytes"}, hidden: []string{"bytes_per_request", "bytes_per_second", "requests_per_second"}, plots: []plot{
		fromZero(plot{id: "requests", title: "Requests", sentence: "Requests per second.", lines: []line{counter("requests", "total_accesses")}}),
		fromZero(plot{id: "workers", title: "Workers", sentence: "Workers that serve a request, and those that wait for one.", lines: []line{level("busy", "busy_workers"), level("idle", "idle_workers")}}),
		fromZero(plot{id: "traffic", title: "Traffic", sentence: "What is sent per second.", lines: []line{counter("sent", "total_kbytes")}}),
	}}
}

func postgresKind() kind {
	return kind{gaugesCount: true, hidden: []string{"max_connections", "is_replica"}, plots: []plot{
		fromZero(plot{id: "connections", title: "Connections", sentence: "Connections by what they do; the top is the server's limit.", top: "max_connections",
			lines: []line{level("all", "connections"), level("active", "connections_active"), level("idle", "connections_idle"),
				level("idle in transaction", "connections_idle_in_transaction"), level("waiting", "connections_waiting")}}),
		fromZero(plot{id: "transactions", title: "Transactions", sentence: "Transactions per second that were committed or rolled back.",
			lines: []line{counter("committed", "commits"), counter("rolled back", "rollbacks")}}),
		percent(plot{id: "hits", title: "Cache hits", sentence: "Blocks that were found in memory.", lines: []line{level("hits", "cache_hit_percent")}}),
		fromZero(plot{id: "rows", title: "Rows", sentence: "Rows per second.", lines: []line{counter("fetched", "tuples_fetched"), counter("inserted", "tuples_inserted"),
			counter("updated", "tuples_updated"), counter("deleted", "tuples_deleted")}}),
		fromZero(plot{id: "longest", title: "Longest transaction", sentence: "How long the oldest open transaction has been open.", lines: []line{level("open for", "longest_transaction")}}),
		fromZero(plot{id: "size", title: "Size", sentence: "Size of the database on disk.", lines: []line{level("database", "database_size")}}),
		fromZero(plot{id: "lag", title: "Replication lag", sentence: "How far the replica, or the worst of them, is behind.", lines: []line{level("behind", "replication_lag")}}),
		fromZero(plot{id: "trouble", title: "Conflicts and deadlocks", sentence: "Statements per second that were cancelled.",
			lines: []line{counter("deadlocks", "deadlocks"), counter("conflicts", "conflicts")}}),
	}}
}

func memcachedKind() kind {
	return kind{counters: []string{"listen_disabled_num", "total_items", "rejected_connections", "total_connections"}, hidden: []string{"limit_maxbytes", "max_connections"}, plots: []plot{
		fromZero(plot{id: "commands", title: "Commands", sentence: "Keys asked for and stored per second.", lines: []line{counter("get", "cmd_get"), counter("set", "cmd_set")}}),
		fromZero(plot{id: "hits", title: "Hits", sentence: "Keys per second that were found, and those that were not.", lines: []line{counter("hits", "get_hits"), counter("misses", "get_misses")}}),
		fromZero(plot{id: "memory", title: "Memory", sentence: "What the items occupy; the top is the server's limit.", top: "limit_maxbytes", lines: []line{level("items", "bytes")}}),
		fromZero(plot{id: "connections", title: "Connections", sentence: "Clients that are connected; the top is the server's limit.", top: "max_connections",
			lines: []line{level("connected", "curr_connections")}}),
		fromZero(plot{id: "evictions", title: "Evictions", sentence: "Items per second that had to go for want of memory.", lines: []line{counter("evictions", "evictions")}}),
		fromZero(plot{id: "traffic", title: "Traffic", sentence: "What clients send and get per second.", lines: []line{counter("received", "bytes_read"), counter("sent", "bytes_written")}}),
	}}
}

func nginxKind() kind {
	return kind{plots: []plot{
		fromZero(plot{id: "requests", title: "Requests", sentence: "Requests per second.", lines: []line{counter("requests", "requests")}}),
		fromZero(plot{id: "connections", title: "Connections", sentence: "Connections by what nginx does for them.",
			lines: []line{level("all", "active_connections"), level("waiting", "waiting"), level("writing", "writing"), level("reading", "reading")}}),
		fromZero(plot{id: "accepted", title: "Connections accepted", sentence: "New connections per second; fewer handled than accepted means that a limit was met.",
			lines: []line{counter("accepted", "accepts"), counter("handled", "handled")}}),
	}}
}
