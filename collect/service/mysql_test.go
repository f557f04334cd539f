package service

import (
	"fmt"
	"testing"
	"time"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

const mysqlSecret = "s3cret/#\"x"

// seenMySQL is the table of CHECKS.md, in the words of the figures' own tables: name, type and unit are the existing
// agent's.
func seenMySQL() map[string]collecttest.Metric {
	seen := make(map[string]collecttest.Metric)
	for _, table := range [][]mysqlFigure{mysqlStatusFigures(), mysqlVariableFigures(), mysqlReplicaFigures()} {
		for _, f := range table {
			seen[f.name] = collecttest.Metric{Type: f.kind, Unit: f.unit}
		}
	}
	return seen
}

func TestMySQL(t *testing.T) {
	m := startMariaDB(t, "--server-id=1")
	m.do(t, `CREATE USER open@'%'; CREATE USER closed@'%' IDENTIFIED BY 's3cret/#"x'; CREATE USER secure@'%' IDENTIFIED BY 's3cret/#"x' REQUIRE SSL;
		GRANT REPLICA MONITOR ON *.* TO open@'%', closed@'%'`)
	at := schedule.Details{"host": "127.0.0.1", "port": m.port}
	closed := with(at, schedule.Details{"username": "closed", "password": mysqlSecret})
	fmt.Println(figures(t, mysqlType(), closed))
	t.Run("conform", func(t *testing.T) {
		start := time.Now()
		collecttest.Conform(t, collecttest.Subject{Type: mysqlType(), Details: closed, Metrics: seenMySQL()})
		t.Log(time.Since(start))
	})
}
