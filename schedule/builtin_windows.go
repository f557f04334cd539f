package schedule

// hasLoadAverage: Windows keeps no run queue average, the check would only ever say so.
const hasLoadAverage = false
