package intaketest

import "testing"

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) Opener {
		m := &Memory{}
		return func(*testing.T) Store { return m }
	})
}

func TestMemorySeries(t *testing.T) {
	RunSeries(t, func(*testing.T) SeriesStore { return new(Memory) })
}

func TestMemoryFeed(t *testing.T) {
	RunFeed(t, func(*testing.T) func(*testing.T) FeedStore {
		m := new(Memory)
		return func(*testing.T) FeedStore { return m }
	})
}

func TestMemoryPlots(t *testing.T) {
	RunPlots(t, func(*testing.T) PlotStore { return new(Memory) })
}
