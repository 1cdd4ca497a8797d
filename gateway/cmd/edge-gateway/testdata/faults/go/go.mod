module example.com/faults

go 1.26

require github.com/edge-gateway/edge-gateway/sdk-go v0.1.0
