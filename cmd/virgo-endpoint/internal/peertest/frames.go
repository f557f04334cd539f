package peertest

import "fmt"

// Frame is a request as a line.
func Frame(id int, source, method, params string) string {
	return fmt.Sprintf(`{"v":"1","id":%d,"source":%q,"target":"endpoint","method":%q,"params":%s}`+"\n",
		id, source, method, params)
}

// Hello is the params of a hello.
func Hello(agent, token string) string {
	return fmt.Sprintf(`{"token":%q,"agent_id":%q,"agent_name":"a test","process_version":"1.0.0","bundle_version":"1.0.0"}`,
		token, agent)
}

// Metric is the params of a small result; without a result_id if that is empty.
func Metric(resultID, check string) string {
	id := ""
	if resultID != "" {
		id = fmt.Sprintf(`"result_id":%q,`, resultID)
	}
	return fmt.Sprintf(`{%s"check_id":%q,"check_type":"agent.memory","state":"available","status":"success",`+
		`"timestamp":1700000000000,"min_check_period":60000,"metrics":[[null,{"free":{"t":"gauge","v":"12","u":"bytes"}}]]}`, id, check)
}
