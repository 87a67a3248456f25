// SPDX-License-Identifier: Apache-2.0
import type { ContainerSpec } from '../controller/kubernetes-objects.ts';
import { callProbe, type ProbeKind, type ProbeTarget } from './probe-call.ts';
import { startProber, type Prober } from './prober.ts';

/** What the probes of a container decide. */
export interface ContainerProbes {
  /** The container's process has just been started. */
  begin(): void;
  /** It has ended. */
  end(): void;
  isStarted(): boolean;
  isReady(): boolean;
}

/** Runs a container's probes: startup first, then readiness and liveness; without a probe its answer is yes. */
export function createContainerProbes(options: {
  readonly spec: ContainerSpec;
  readonly target: ProbeTarget;
  readonly onChange: () => void;
  /** Startup or liveness has failed. */
  readonly onBad: () => void;
}): ContainerProbes {
  const { spec, target, onChange, onBad } = options;
  let probers: Prober[] = [];
  let isReady = false;
  let isStarted = false;

  const probe = (kind: ProbeKind, onVerdict: (isGood: boolean) => void): boolean => {
    const declared = { livez: spec.livenessProbe, readyz: spec.readinessProbe, startupz: spec.startupProbe }[kind];
    if (declared === undefined) return false;
    probers.push(startProber({ probe: declared, call: () => callProbe(declared, kind, target), onVerdict }));
    return true;
  };
  const setReady = (value: boolean): void => {
    if (isReady === value) return;
    isReady = value;
    onChange();
  };
  const onStarted = (): void => {
    isStarted = true;
    if (!probe('readyz', setReady)) isReady = true;
    probe('livez', (isGood) => {
      if (!isGood) onBad();
    });
    onChange();
  };
  return {
    begin() {
      const hasStartupProbe = probe('startupz', (isGood) => {
        if (!isGood) onBad();
        else if (!isStarted) onStarted();
      });
      if (!hasStartupProbe) onStarted();
    },
    end() {
      for (const prober of probers) prober.stop();
      probers = [];
      isReady = false;
      isStarted = false;
    },
    isStarted: () => isStarted,
    isReady: () => isReady,
  };
}
