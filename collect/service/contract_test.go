package service

import (
	"testing"

	"virgo/collect/collecttest"
)

// TestTablesMatchContract: the tables of metrics in this package's tests are those of CHECKS.md.
func TestTablesMatchContract(t *testing.T) {
	contract := collecttest.ReadContract(t)
	for name, table := range map[string]string{
		"agent.apache": apacheTable, "agent.memcached": memcachedTable, "agent.mysql": mysqlTable,
		"agent.nginx": nginxTable, "agent.postgres": postgresTable, "agent.redis": redisTable,
	} {
		contract.Metrics(t, name, parseTable(table))
	}
}
