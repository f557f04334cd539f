package bundle

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/collect/script/trial"
	"virgo/schedule"
)

// ask sends a request as the user guest, and wants an answer that says success.
func ask(ctx context.Context, method, url, body string) error {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.SetBasicAuth("guest", "guest")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, url, answer.Status)
	}
	return nil
}

func TestRealRabbitMQ(t *testing.T) {
	t.Parallel()
	server, epmd := collecttest.Program(t, "/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server"), collecttest.Program(t, "epmd", "erlang-base")
	dir := collecttest.Folder(t)
	amqp, page, names := collecttest.FreePort(t), collecttest.FreePort(t), collecttest.FreePort(t)
	write(t, filepath.Join(dir, "env"), "")
	write(t, filepath.Join(dir, "plugins"), "[rabbitmq_management].\n")
	write(t, filepath.Join(dir, "rabbitmq.conf"), "collect_statistics_interval = 200\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = "+page+"\n")
	// Erlang would start this one by itself, and leave it.
	collecttest.Serve(t, exec.Command(epmd, "-port", names, "-address", "127.0.0.1"), collecttest.Answers("tcp", "127.0.0.1:"+names))
	cmd := exec.Command(server)
	cmd.Env = append(os.Environ(), "HOME="+dir, "ERL_EPMD_PORT="+names, "RABBITMQ_NODENAME=test@localhost", "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
		"RABBITMQ_NODE_PORT="+amqp, "RABBITMQ_DIST_PORT="+collecttest.FreePort(t), "RABBITMQ_CONF_ENV_FILE="+filepath.Join(dir, "env"),
		"RABBITMQ_CONFIG_FILE="+filepath.Join(dir, "rabbitmq"), "RABBITMQ_ENABLED_PLUGINS_FILE="+filepath.Join(dir, "plugins"),
		"RABBITMQ_MNESIA_BASE="+filepath.Join(dir, "m"), "RABBITMQ_LOG_BASE="+dir, "RABBITMQ_LOGS=-", "RABBITMQ_PID_FILE="+filepath.Join(dir, "pid"))
	api := "http://127.0.0.1:" + page
	collecttest.Serve(t, cmd, func(ctx context.Context) error { return ask(ctx, http.MethodGet, api+"/api/overview", "") })
	for _, r := range [][3]string{
		{http.MethodPut, "/api/queues/%2F/mail", `{"durable": false}`},
		{http.MethodPost, "/api/exchanges/%2F/amq.default/publish", `{"properties": {}, "routing_key": "mail", "payload": "x", "payload_encoding": "string"}`},
	} {
		if err := ask(t.Context(), r[0], api+r[1], r[2]); err != nil {
			t.Fatal(err)
		}
	}
	o := until(t, "1 messages in 1 queues", func() *trial.Outcome { return tryReal(t, "rabbitmq", schedule.Details{"url": api}, nil) })
	reports(t, o, map[string]string{
		"version": "*", "messages_ready": "1", "queues": "1", "queue_messages mail": "1", "queue_consumers mail": "0",
		"running test@localhost": "true", "memory_used test@localhost": "*", "disk_free test@localhost": "*", "alarms": "0", "partitions": "0",
	})
	if fault, ok := tryReal(t, "rabbitmq", schedule.Details{"url": api, "password": "wrong"}, nil).Fault(); !ok || !strings.Contains(fault, "401") {
		t.Errorf("a wrong password: %q", fault)
	}
}
