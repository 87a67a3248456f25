// SPDX-License-Identifier: Apache-2.0
export { createAgentApp, type AgentApp, type AgentDeps } from './app.ts';
export { agentConfigShape, type AgentConfig, type Probe } from './config.ts';
export {
  agentCluster,
  configCluster,
  formatNodeId,
  rootsSecret,
  servingSecret,
  workloadSecret,
} from './envoy/bootstrap.ts';
