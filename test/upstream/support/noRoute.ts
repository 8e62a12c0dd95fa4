/** What gateways and frameworks say of a path that they do not serve. */
export const NO_ROUTE: Readonly<Record<string, unknown>> = {
  Kong: { message: 'no Route matched with those values' },
  'Kong, newer': { message: 'no Route matched with those values', request_id: '5f1c4c2d8a' },
  APISIX: { error_msg: '404 Route Not Found' },
  Apigee: { fault: { faultstring: 'Unable to identify proxy for host: secure and url: /wrong/contacts/54', detail: { errorcode: 'messaging.adaptors.http.flow.ApplicationNotFound' } } },
  WSO2: { code: '404', type: 'Status report', message: 'Not Found', description: 'No matching resource found for given API Request' },
  'Google Cloud Endpoints': { code: 404, message: 'The current request is not defined by this API.' },
  'Spring 6': { type: 'about:blank', title: 'Not Found', status: 404, detail: 'No static resource wrong/contacts/54.', instance: '/wrong/contacts/54' },
  'Spring 6, without static resources': { title: 'Not Found', status: 404, detail: 'No endpoint GET /wrong/contacts/54.' },
  'Spring 5': { status: 404, error: 'Not Found', message: 'No handler found for GET /wrong/contacts/54' },
  Nest: { statusCode: 404, message: 'Cannot GET /wrong/contacts/54', error: 'Not Found' },
  Fastify: { message: 'Route GET:/wrong/contacts/54 not found', error: 'Not Found', statusCode: 404 },
  Laravel: { message: 'The route wrong/contacts/54 could not be found.' },
  Symfony: { title: 'An error occurred', detail: 'No route found for "GET http://pms.example/wrong/contacts/54"' },
  Rails: { status: 404, error: 'No route matches [GET] "/wrong/contacts/54"' },
  RESTEasy: { message: 'RESTEASY003210: Could not find resource for full path: http://pms.example/wrong/contacts/54' },
  'ASP.NET': { Message: "No HTTP resource was found that matches the request URI 'http://pms.example/wrong/contacts/54'." },
};
