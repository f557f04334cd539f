package server

import (
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
	"virgo/transport/transporttest"
)

func TestProtocolLimits(t *testing.T) {
	protocol, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	l := Limits{}.OrDefaults()
	limits := map[string]int64{
		"MaxIDBytes":                intake.MaxIDBytes,
		"MaxResultIDBytes":          intake.MaxResultIDBytes,
		"MaxStatusRunes":            intake.MaxStatusRunes,
		"MaxNameBytes":              intake.MaxNameBytes,
		"receipt.MaxRanges":         receipt.MaxRanges,
		"MaxSurplusBytes":           intake.MaxSurplusBytes,
		"MaxFrameResults":           intake.MaxFrameResults,
		"MaxResultsBytes":           intake.MaxResultsBytes,
		"MaxBundlesPerCourier":      intake.MaxBundlesPerCourier,
		"BundleTime":                int64(intake.BundleTime.Seconds()),
		"Connections":               int64(l.Connections),
		"Mute":                      int64(l.Mute),
		"MutePerAddress":            int64(l.MutePerAddress),
		"Served":                    int64(l.Served),
		"GreetingPerAddress":        int64(l.GreetingPerAddress),
		"Queue":                     int64(l.Queue),
		"Refusing":                  int64(l.Refusing),
		"ConnectionsPerToken":       int64(l.ConnectionsPerToken),
		"AgentsPerToken":            int64(l.AgentsPerToken),
		"RequestsPerAgent":          l.RequestsPerAgent,
		"RequestsPerToken":          l.RequestsPerToken,
		"BytesPerAgent":             l.BytesPerAgent,
		"BytesPerToken":             l.BytesPerToken,
		"Downloads":                 int64(l.Downloads),
		"DownloadsPerAddress":       int64(l.DownloadsPerAddress),
		"downloadTime":              int64(downloadTime.Seconds()),
		"downloadPause":             int64(downloadPause.Seconds()),
		"LargeFrames":               int64(l.LargeFrames),
		"LargeFramesPerToken":       int64(l.LargeFramesPerToken),
		"FirstByte":                 int64(l.FirstByte.Seconds()),
		"Turn":                      int64(l.Turn.Seconds()),
		"Frame":                     int64(l.Frame.Seconds()),
		"AgentsPerConnection":       int64(l.AgentsPerConnection),
		"InProgress":                int64(l.InProgress),
		"FailedHellos":              int64(l.FailedHellos),
		"UnauthenticatedFrameBytes": int64(l.UnauthenticatedFrameBytes),
		"Hello":                     int64(l.Hello.Seconds()),
		"Idle":                      int64(l.Idle.Seconds()),
		"Heartbeat":                 int64(l.Heartbeat.Seconds()),
		"Write":                     int64(l.Write.Seconds()),
	}
	for name, value := range limits {
		if stated := protocol.Limits["endpoint."+name]; stated != value {
			t.Errorf("%s is %d, PROTOCOL.md says %d", name, value, stated)
		}
	}
	for name := range protocol.Limits {
		if own, ok := strings.CutPrefix(name, "endpoint."); ok {
			if _, ok := limits[own]; !ok {
				t.Errorf("PROTOCOL.md has %s, which is not compared", own)
			}
		}
	}
}
