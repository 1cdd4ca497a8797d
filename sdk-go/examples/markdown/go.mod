module example.com/markdown

go 1.26

require (
	github.com/edge-gateway/edge-gateway/sdk-go v0.1.0
	github.com/yuin/goldmark v1.8.7
)
