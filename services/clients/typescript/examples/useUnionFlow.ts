/** A React hook: the status to show, and a function called for each event while a component is there. */

import { useEffect, useRef, useState } from 'react';
import { Client, type ClientOptions, type Status, type UnionFlowEvent } from '@unionflow/client';

export function useUnionFlow(
  options: ClientOptions,
  onEvent: (event: UnionFlowEvent) => void,
): Status {
  const latest = useRef({ options, onEvent });
  latest.current = { options, onEvent };
  const [status, setStatus] = useState<Status>({ state: 'offline', reason: null, since: new Date() });
  const { api, organizations = [] } = options;

  useEffect(() => {
    const client = new Client({
      ...latest.current.options,
      onTruncated: (ranges) => latest.current.options.onTruncated?.(ranges),
    });
    client.on('status', setStatus);
    client.on('event', (event) => latest.current.onEvent(event));
    void client.connect();
    return () => client.disconnect();
  }, [api, organizations.join()]);

  return status;
}
